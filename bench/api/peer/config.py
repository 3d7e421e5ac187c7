"""The original's API server alone: SQLite, an in-memory broker, nobody who builds."""
import os

from conda_store_server.server.auth import DummyAuthentication
from conda_store_server.storage import LocalStorage

c = get_config()  # noqa: F821
home = os.environ["PEER_HOME"]
c.CondaStore.database_url = f"sqlite:///{home}/peer.sqlite"
c.CondaStore.store_directory = f"{home}/store"
c.CondaStore.celery_broker_url = "memory://"
c.CondaStore.celery_results_backend = "cache+memory://"
c.CondaStore.storage_class = LocalStorage
c.LocalStorage.storage_path = f"{home}/objects"
c.CondaStoreServer.authentication_class = DummyAuthentication
c.CondaStoreServer.address = "127.0.0.1"
c.CondaStoreServer.port = int(os.environ["PEER_PORT"])
c.CondaStoreServer.enable_ui = False
c.CondaStoreServer.log_level = 40
c.AuthenticationBackend.predefined_tokens = {
    os.environ["PEER_TOKEN"]: {
        "primary_namespace": "default",
        "role_bindings": {"*/*": ["admin"]},
    }
}
