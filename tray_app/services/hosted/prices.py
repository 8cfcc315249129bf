"""What hosted models cost where Open WebUI's own list does not say: of a connection that lists chosen models only, it
never asks the endpoint by itself. On demand it does, with the key that it keeps.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tray_app.core.values.connections import Price
from tray_app.core.values.snapshot import WebUIModel
from tray_app.services.hosted.endpoint import offers_of
from tray_app.services.hosted.outside import VERIFY_DEADLINE_S
from tray_app.services.open_webui import OpenWebUIClient

Prices = Mapping[str, Price]
"""What one endpoint tells, by its own name of each model."""


def unpriced(models: Iterable[WebUIModel]) -> dict[int, str]:
    """The connections that serve a model of which nobody was asked the price: their places, with host and port."""
    return {
        one.url_index: one.served.address or ""
        for one in models
        if one.url_index is not None and one.served.chosen and one.served.price is None
    }


def asked(client: OpenWebUIClient, index: int, deadline_s: float = VERIFY_DEADLINE_S) -> Prices:
    """Of the endpoint of the connection at this place; empty where it tells none. ServiceError: it does not answer."""
    answer = client.models_of_connection(index, deadline_s=deadline_s)
    return {one.id: one.price for one in offers_of(answer) if one.price is not None}


def with_prices(models: Iterable[WebUIModel], told: Mapping[int, Prices]) -> tuple[WebUIModel, ...]:
    """The models with what their endpoints tell, by place."""
    return tuple(_with_price(one, told) for one in models)


def _with_price(model: WebUIModel, told: Mapping[int, Prices]) -> WebUIModel:
    if model.served.price is not None or model.url_index is None or not model.served.chosen:
        return model
    price = told.get(model.url_index, {}).get(model.served.upstream or model.id)
    return model if price is None else replace(model, served=replace(model.served, price=price))
