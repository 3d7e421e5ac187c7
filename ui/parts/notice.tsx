import type { ComponentChildren } from "preact";
import type { Refusal } from "#core/contract/client.ts";
import { addressOfPlace } from "../router.ts";
import { session } from "../session.ts";
import { WORDS } from "../words/common.ts";

/** A refusal in the server's words, line by line; read out at once. */
export function RefusalNotice({
  refusal,
  title,
  children,
}: {
  refusal: Refusal;
  title?: string;
  children?: ComponentChildren;
}) {
  const lines = refusal.message.split("\n");
  return (
    <div class="notice bad" role="alert">
      {title && <p class="notice-title">{title}</p>}
      {lines.length === 1 ? (
        <p>{lines[0]}</p>
      ) : (
        <ul>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {refusal.status >= 500 && refusal.requestId && (
        <p class="small">{WORDS.requestId(refusal.requestId)}</p>
      )}
      {refusal.status === 403 && session.value?.authenticated && (
        <p class="small">
          {WORDS.forbidden(session.value.primary_namespace)}{" "}
          <a href={addressOfPlace({ page: "me" })}>{WORDS.whyNot}</a>
        </p>
      )}
      {children}
    </div>
  );
}
