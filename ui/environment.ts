import type { getEnvironment } from "#core/contract/environments.ts";
import type { Reply } from "#core/contract/route.ts";

/** An environment as the API shows it. */
export type Environment = Reply<typeof getEnvironment>["data"];
