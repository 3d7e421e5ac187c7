"""The HTTP client: a few retries, and no credentials from anywhere."""

from rattler.networking import Client
from rattler.networking.middleware import RetryMiddleware

RETRIES = 3


def make_client() -> Client:
    # The standard stack also reads keychains and credential files; ours has none of that.
    return Client([RetryMiddleware(RETRIES)], user_agent="conda-store-serverless")
