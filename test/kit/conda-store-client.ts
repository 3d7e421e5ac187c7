/**
 * conda-store's own client from PyPI, in a Python environment of its own.
 * @module
 */
import { ensureVenv } from "./venv.ts";

/** @returns the folder of its programs */
export const ensureCondaStoreClient = (): Promise<string> =>
  ensureVenv("conda-store", "test/clients/requirements.txt");
