/**
 * The API of the server that the page came from; the cookie says who asks.
 * @module
 */
import { createClient } from "#core/contract/client.ts";

/** In front of every route, without trailing slash: the page lies at `{prefix}/ui/`. */
export const prefix = new URL("..", document.baseURI).pathname.replace(/\/$/, "");

export const api = createClient({ baseUrl: prefix });
