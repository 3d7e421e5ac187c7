/**
 * The web page: static files that the bundle laid beside the function. Files with a hash in their name may be kept for
 * ever; every other path below `/ui/` is the page itself, whose script reads the address.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Hono } from "hono";
import { AppError } from "#core/errors.ts";
import type { ApiContext, Env } from "../context.ts";
import type { Services } from "../services.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
};
const HASHED = /-[A-Z0-9]{8}\.\w+$/;

/** Nothing but our own files: no script or style inside the page, no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join("; ");

interface PageFile {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly gzipped: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly hashed: boolean;
}

/** Serves the page below `{prefix}/ui/` and leads the root to it. */
export function servePage(app: Hono<Env>, { prefix, page }: Services): void {
  let files: Map<string, PageFile> | undefined;
  const lead = async (c: ApiContext): Promise<Response> => c.redirect(`${prefix}/ui/`, 307);
  for (const path of new Set(["/", prefix || "/", `${prefix}/`])) app.get(path, lead);
  // The pattern also matches `/ui` itself, which gets the page too: a gateway that drops the last slash must not be sent
  // round in circles, and the page's base address makes both spellings alike.
  app.get(`${prefix}/ui/*`, async (c) => {
    files ??= readFiles(page, prefix);
    const name = c.req.path.slice(`${prefix}/ui/`.length);
    const file = files.get(name);
    if (file && name !== "index.html") return send(c, file, 200);
    // A missing script must not be answered with a page that a browser would then refuse to run.
    if (HASHED.test(name)) throw new AppError("not_found", "There is no such file: load the page again.");
    const index = files.get("index.html");
    if (!index)
      throw new AppError("not_found", "This deployment has no page: it was made without `npm run bundle`.");
    return send(c, index, name === "not-found" ? 404 : 200);
  });
}

function send(c: ApiContext, { bytes, gzipped, type, hashed }: PageFile, status: 200 | 404): Response {
  const small = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  return c.body(small ? gzipped : bytes, status, {
    "content-type": type,
    "content-security-policy": POLICY,
    "cache-control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
    "referrer-policy": "same-origin",
    vary: "accept-encoding",
    ...(small ? { "content-encoding": "gzip" } : {}),
  });
}

/** Only what lies in the directory can be asked for, so no name leads out of it. */
function readFiles(directory: URL, prefix: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of listNames(directory)) {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (!type) continue;
    const read = readFileSync(new URL(name, directory));
    // The page may be opened at any depth: its relative addresses start here.
    const bytes =
      name === "index.html" ? Buffer.from(withBase(read.toString("utf8"), prefix)) : Buffer.from(read);
    files.set(name, { bytes, gzipped: Buffer.from(gzipSync(bytes)), type, hashed: HASHED.test(name) });
  }
  return files;
}

const withBase = (html: string, prefix: string): string =>
  html.replace(/<head>/i, `<head><base href="${prefix}/ui/">`);

function listNames(directory: URL): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
