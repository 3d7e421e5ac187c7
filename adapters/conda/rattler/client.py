"""The HTTP client: a few retries, and no credentials from anywhere."""

from rattler.networking import Client
from rattler.networking.middleware import RetryMiddleware

RETRIES = 3


def make_client(token: str | None) -> Client:
    # The standard stack also reads keychains and credential files; ours has none of that, but the mirror's token.
    headers = {"Authorization": f"Bearer {token}"} if token else None
    return Client([RetryMiddleware(RETRIES)], headers=headers, user_agent="conda-store-serverless")
