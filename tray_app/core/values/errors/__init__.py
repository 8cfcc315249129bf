"""Typed errors. They carry facts; core/text/errors.py makes the sentence and the next step.

ElbowroomError
|-- ServiceError               a server could not be used
|   |-- Unreachable            nothing accepts the connection (refused, no such host)
|   |   `-- Untrusted          TLS could not be set up or verified
|   |-- TimedOut               no complete answer within the total deadline
|   |-- Redirected             the address answers with a redirect; tokens never follow one
|   |-- BadAnswer              not JSON, too large, or of another shape than expected
|   |   `-- Interrupted        the connection ended before the answer was complete
|   |-- NotThatServer          answers, but is not the server it was taken for
|   |-- NotFound               404, 405 or the single-page app where an endpoint was expected
|   |-- Invalid                422 or 400: the server refuses the request and names fields where it can
|   |-- ServerFailed           5xx
|   |-- Refused                the server refused the token or the sign-in; see RefusedBecause
|   |-- InFront                a proxy before the server wants a sign-in of its own: the server was not reached
|   |-- TooMany                429: it refuses requests for now
|   `-- Insecure               a token over plain http to a public host
|-- UsageError                 the command line or a value on it is wrong
|-- StorageError               one of our files cannot be read or written
|-- RelayError                 the relay of chat first cannot begin
|-- ChatFirstError             chat first cannot be switched on here; nothing was changed
|-- ExporterError              metrics cannot be told at that address
|-- LibraryMissing             metrics need a library that this copy came without
|-- TrayUnavailable            no icon can be shown here; the terminal commands still work
`-- ChangeError                a change could not be made; nothing or something known was written
"""
