/**
 * The API behind a real socket, for clients that are programs.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "#functions/api/app.ts";
import type { Services } from "#functions/api/services.ts";

export interface Served {
  /** `http://localhost:port`: clients throw cookies for a bare address away. */
  readonly address: string;
  /** Method, path and query of every request, as they came. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Serves the API on a free port until it is closed. */
export async function serveApp(services: Services): Promise<Served> {
  const app = createApp(services);
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
      const { method = "GET", url = "/" } = incoming;
      const body = method === "GET" || method === "HEAD" ? null : Buffer.concat(chunks);
      const request = new Request(`http://${headers.get("host")}${url}`, { method, headers, body });
      const response = await app.fetch(request, {});
      const plain = [...response.headers].filter(([name]) => name !== "set-cookie");
      outgoing.writeHead(response.status, {
        ...Object.fromEntries(plain),
        ...(response.headers.has("set-cookie") ? { "set-cookie": response.headers.getSetCookie() } : {}),
      });
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://localhost:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
