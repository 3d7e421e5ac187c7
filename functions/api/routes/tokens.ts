/**
 * Making tokens.
 * @module
 */
import { mintToken } from "#adapters/secrets/tokens.ts";
import { rolesByPattern } from "#core/access/binding.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { postToken } from "#core/contract/tokens.ts";
import { AppError } from "#core/errors.ts";
import { grantToken } from "#core/token/token-request.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** Gateways take about 10 KB of headers; a token beyond this could not be sent back. */
const TOKEN_LENGTH_MAX = 7_000;

export const minting =
  ({ secret }: Services): Tell<typeof postToken> =>
  async ({ body, own, entity }) => {
    const wanted = body.role_bindings ?? {};
    const granted = grantToken(
      await entity(),
      {
        primaryNamespace: body.primary_namespace,
        expiration: body.expiration ?? body.exp,
        // What was given to members of a namespace is not written down: it counts while it is given.
        roleBindings: Object.keys(wanted).length > 0 ? wanted : rolesByPattern(own.bindings),
      },
      new Date(),
    );
    const token = await mintToken(secret, granted);
    if (token.length > TOKEN_LENGTH_MAX) {
      throw new AppError(
        "invalid_token_request",
        "Requested role_bindings are too many for one token: name fewer.",
      );
    }
    return dataReply({ token });
  };
