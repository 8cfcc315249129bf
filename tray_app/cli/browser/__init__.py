"""What opens in the browser?"""
