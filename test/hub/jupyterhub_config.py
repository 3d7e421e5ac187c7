"""A hub with two users, one of them an admin, and conda-store as a service behind its proxy; places come by the environment."""
import os

c = get_config()  # noqa: F821
place = os.environ

c.JupyterHub.bind_url = place["HUB_URL"]
c.JupyterHub.hub_port = int(place["HUB_PORT"])
c.ConfigurableHTTPProxy.command = [place["NODE"], place["PROXY"]]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:" + place["PROXY_API_PORT"]
c.ConfigurableHTTPProxy.auth_token = place["PROXY_TOKEN"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = os.urandom(32)
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = place["PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"root"}
c.Authenticator.delete_invalid_users = False
c.JupyterHub.spawner_class = "simple"

c.JupyterHub.load_groups = {"data-lab": {"users": ["carol"]}}
c.JupyterHub.services = [
    {
        "name": "conda-store",
        "url": place["SERVICE_URL"],
        "api_token": place["SERVICE_TOKEN"],
        "oauth_client_id": "service-conda-store",
        "oauth_redirect_uri": place["HUB_URL"] + "/services/conda-store/oauth_callback",
        "oauth_client_allowed_scopes": ["read:users:groups!user"],
    }
]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=conda-store"]},
]
