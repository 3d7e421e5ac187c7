/**
 * Names of the tokens that the API keeps a record of: their primary namespace, which may be empty, and their id.
 * @module
 */

/** When the token was made, in milliseconds to the base 36, and 122 random bits: newer ones sort behind. */
export const TOKEN_ID = /^[0-9a-z]{9}-[0-9a-f]{32}$/;
/** No namespace has a slash. */
export const TOKEN_NAME = /^[^/]{0,255}\/[0-9a-z]{9}-[0-9a-f]{32}$/;

/** Every name a token's own. */
export const newTokenId = (now: Date): string =>
  `${now.getTime().toString(36).padStart(9, "0")}-${crypto.randomUUID().replaceAll("-", "")}`;

export const tokenName = (primaryNamespace: string, id: string): string => `${primaryNamespace}/${id}`;

/** The reverse of `tokenName`. */
export function parseTokenName(name: string): { readonly primaryNamespace: string; readonly id: string } {
  const [primaryNamespace = "", id = ""] = name.split("/");
  return { primaryNamespace, id };
}
