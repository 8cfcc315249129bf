"""The tray icon: the only place for pystray and Pillow. It shows values and sends commands; it decides nothing."""
