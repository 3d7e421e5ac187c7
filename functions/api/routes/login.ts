/**
 * Logging in and out: with a password here, or at a provider.
 * @module
 */
import { getCookie } from "hono/cookie";
import { by } from "#adapters/dynamodb/audit.ts";
import { forgetToken } from "#adapters/dynamodb/token-in-force.ts";
import { endLogin } from "#adapters/dynamodb/tokens.ts";
import { verifyToken } from "#adapters/secrets/tokens.ts";
import {
  AUTH_COOKIE,
  type finishLogin,
  type listLogins,
  type login,
  type logout,
  type showLogin,
} from "#core/contract/login.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import { isPasswordBackend, isRedirectBackend } from "#core/login/backends.ts";
import { parseTokenName } from "#core/token/token-name.ts";
import { logInByPassword } from "../login/by-password.ts";
import { forgetLogin, setLogin } from "../login/cookies.ts";
import { ownPath } from "../login/own-path.ts";
import { goOnPage, showErrorsAsPage } from "../login/pages.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { countLogin, countProviderLogin } from "./count-request.ts";

/** Only who logs in at a provider needs what it takes. */
const throughProvider = () => import("../login/through-provider.ts");

export const showing =
  (services: Services): Tell<typeof showLogin> =>
  async ({ query: { next, provider }, c }) => {
    const { login, prefix } = services;
    const target = ownPath(c, next, login.publicUrl);
    const [only, ...others] = login.backends;
    const wanted = provider ?? (only && others.length === 0 ? only.name : undefined);
    const backend = login.backends.filter(isRedirectBackend).find(({ name }) => name === wanted);
    if (provider !== undefined || backend) showErrorsAsPage(services, c);
    if (backend) {
      await countProviderLogin(services, c);
      const { goToProvider } = await throughProvider();
      return c.redirect(await goToProvider(services, backend, target ?? null, c), 307);
    }
    if (provider !== undefined) throw new AppError("not_found", "There is no login provider of this name.");
    return c.redirect(`${prefix}/ui/login${target ? `?next=${encodeURIComponent(target)}` : ""}`, 307);
  };

export const listing =
  ({ login }: Services): Tell<typeof listLogins> =>
  async () =>
    dataReply(
      login.backends.map((backend) => ({
        name: backend.name,
        title: backend.title ?? backend.name,
        kind: isPasswordBackend(backend) ? ("password" as const) : ("redirect" as const),
      })),
    );

export const loggingIn =
  (services: Services): Tell<typeof login> =>
  async ({ db, body: { username, password }, query: { next }, c }) => {
    const backend = services.login.backends.find(isPasswordBackend);
    if (!backend) throw new AppError("not_found", "This deployment has no login with a password.");
    await countLogin(services, username, c);
    const address = c.env?.address ?? "";
    const token = await logInByPassword({ ...services, db }, backend, { username, password, address });
    setLogin(c, services, token, backend);
    const target = ownPath(c, next, services.login.publicUrl);
    return { status: "ok", data: { redirect_url: target ?? `${services.prefix}/` } };
  };

export const finishing =
  (services: Services): Tell<typeof finishLogin> =>
  async ({ db, query, c }) => {
    showErrorsAsPage(services, c);
    const { returnFromProvider } = await throughProvider();
    return c.redirect(await returnFromProvider({ ...services, db }, query, c), 303);
  };

export const loggingOut =
  (services: Services): Tell<typeof logout> =>
  async ({ db, query: { next }, c }) => {
    const { login, prefix, secret } = services;
    const [name] = (await verifyToken(secret, getCookie(c, AUTH_COOKIE) ?? ""))?.tokenNames ?? [];
    if (name !== undefined) {
      // Whoever kept a copy of the cookie is logged out as well.
      const { primaryNamespace, id } = parseTokenName(name);
      await endLogin(by(db, { kind: "user", name: primaryNamespace }), primaryNamespace, id, new Date());
      forgetToken(db, name);
    }
    const backend = forgetLogin(c, services);
    const leaves = login.backends.some(({ name, kind }) => name === backend && kind === "oidc");
    if (backend !== undefined && leaves) {
      const address = await (await throughProvider()).leaveProvider(services, backend, c);
      if (address !== null) return c.html(goOnPage(address));
    }
    return c.redirect(ownPath(c, next, login.publicUrl) ?? `${prefix}/`, 303);
  };
