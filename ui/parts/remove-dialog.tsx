import { useSignal } from "@preact/signals";
import type { Outcome } from "#core/contract/client.ts";
import { deleteBuild, deleteEnvironment, deleteNamespace } from "#core/contract/deletion.ts";
import type { Reply } from "#core/contract/route.ts";
import { api } from "../api.ts";
import { showSize } from "../format.ts";
import { ENVIRONMENT } from "../words/environment.ts";
import { FormDialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { RefusalNotice } from "./notice.tsx";
import { useAnswer } from "./use-answer.ts";

type Deleted = Reply<typeof deleteBuild>;
type Ask = (query: { dry_run?: string }) => Promise<Outcome<Deleted>>;

interface RemoveProps {
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

/** Says what would go, as the server plans it, and lets it go. @param confirm a name to be typed, or null */
function RemoveDialog({
  title,
  confirm,
  ask,
  onRemoved,
  onClose,
}: RemoveProps & { title: string; confirm: string | null; ask: Ask }) {
  const { answer } = useAnswer(title, () => ask({ dry_run: "true" }));
  const typed = useSignal("");
  const words = ENVIRONMENT.remove;
  const send = async () => {
    const outcome = await ask({});
    if (outcome.ok) onRemoved();
    return outcome;
  };
  const plan = answer.value?.ok ? answer.value.value.data : undefined;
  return (
    <FormDialog
      title={title}
      submit={words.submit}
      isDangerous
      isReady={plan !== undefined && (confirm === null || typed.value === confirm)}
      onSubmit={send}
      onClose={onClose}
    >
      {answer.value === null && <p class="quiet">{words.asking}</p>}
      {answer.value?.ok === false && <RefusalNotice refusal={answer.value} />}
      {plan && <Plan plan={plan} />}
      {plan && confirm !== null && (
        <Field label={words.typeName(confirm)}>
          {(ids) => (
            <input
              {...ids}
              value={typed.value}
              autoCapitalize="none"
              autoComplete="off"
              spellcheck={false}
              onInput={(event) => {
                typed.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
      )}
    </FormDialog>
  );
}

function Plan({ plan }: { plan: NonNullable<Deleted["data"]> }) {
  const words = ENVIRONMENT.remove;
  const keptBytes = plan.kept.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <div>
      <p>{words.goes}</p>
      <ul class="bullets">
        {plan.environments > 0 && <li>{words.environments(plan.environments)}</li>}
        <li>{words.builds(plan.builds)}</li>
        {plan.active > 0 && <li>{words.active(plan.active)}</li>}
        <li>{words.artifacts(plan.artifacts, showSize(plan.bytes))}</li>
      </ul>
      {plan.kept.length > 0 && <p class="hint">{words.stays(plan.kept.length, showSize(keptBytes))}</p>}
    </div>
  );
}

export function RemoveBuild({ buildId, ...rest }: RemoveProps & { buildId: number }) {
  return (
    <RemoveDialog
      {...rest}
      title={ENVIRONMENT.remove.build(buildId)}
      confirm={null}
      ask={(query) => api(deleteBuild, { params: { buildId }, query })}
    />
  );
}

export function RemoveEnvironment({
  namespace,
  environment,
  ...rest
}: RemoveProps & { namespace: string; environment: string }) {
  return (
    <RemoveDialog
      {...rest}
      title={ENVIRONMENT.remove.environment(`${namespace}/${environment}`)}
      confirm={environment}
      ask={(query) => api(deleteEnvironment, { params: { namespace, environment }, query })}
    />
  );
}

export function RemoveNamespace({ namespace, ...rest }: RemoveProps & { namespace: string }) {
  return (
    <RemoveDialog
      {...rest}
      title={ENVIRONMENT.remove.namespace(namespace)}
      confirm={namespace}
      ask={(query) => api(deleteNamespace, { params: { namespace }, query })}
    />
  );
}
