/**
 * What a caller shows in the header `Authorization`.
 * @module
 */
export interface Shown {
  /** `none` without the header; `other` for what is neither of the two that we know. */
  readonly scheme: "none" | "bearer" | "basic" | "other";
  /** With Basic it is the password, whatever the user is called. Empty where there is none. */
  readonly token: string;
}

export function shownIn(authorization: string | undefined): Shown {
  const text = authorization?.trim() ?? "";
  if (text === "") return { scheme: "none", token: "" };
  const [, scheme = "", value = ""] = /^(\w+) +(\S+)$/.exec(text) ?? [];
  if (/^bearer$/i.test(scheme)) return { scheme: "bearer", token: value };
  if (!/^basic$/i.test(scheme)) return { scheme: "other", token: "" };
  const decoded = Buffer.from(value, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return { scheme: "basic", token: colon < 0 ? "" : decoded.slice(colon + 1) };
}
