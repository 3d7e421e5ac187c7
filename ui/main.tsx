/**
 * The page: its frame, and what is shown where. The list comes with the frame; every other page when it is asked for.
 * @module
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import { prefix } from "./api.ts";
import { ListPage } from "./pages/list.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { later } from "./parts/later.tsx";
import { RefusalNotice } from "./parts/notice.tsx";
import { addressOfPlace, loginFromHere, NO_FILTER, type Place, place, startRouter } from "./router.ts";
import { loadSession, session, sessionRefusal } from "./session.ts";
import { WORDS } from "./words/common.ts";

const LoginPage = later(async () => (await import("./pages/login.tsx")).LoginPage);
const CreatePage = later(async () => (await import("./pages/create.tsx")).CreatePage);
const EnvironmentPage = later(async () => (await import("./pages/environment.tsx")).EnvironmentPage);
const MePage = later(async () => (await import("./pages/me.tsx")).MePage);
const NamespacesPage = later(async () => (await import("./pages/namespaces.tsx")).NamespacesPage);
const NamespacePage = later(async () => (await import("./pages/namespace.tsx")).NamespacePage);
const SettingsPage = later(async () => (await import("./pages/settings.tsx")).SettingsPage);
const AuditPage = later(async () => (await import("./pages/audit.tsx")).AuditPage);

const isOffline = signal(!navigator.onLine);
for (const name of ["online", "offline"]) {
  addEventListener(name, () => {
    isOffline.value = !navigator.onLine;
  });
}

function Page({ at }: { at: Place }) {
  switch (at.page) {
    case "list":
      return <ListPage filter={at.filter} />;
    case "login":
      return <LoginPage next={at.next} />;
    case "create":
      return <CreatePage key={addressOfPlace(at)} from={at.from} />;
    case "environment":
      return <EnvironmentPage key={`${at.namespace}/${at.environment}`} at={at} />;
    case "me":
      return <MePage />;
    case "namespaces":
      return <NamespacesPage />;
    case "namespace":
      return <NamespacePage key={at.name} name={at.name} />;
    case "settings":
      return <SettingsPage key={addressOfPlace(at)} namespace={at.namespace} environment={at.environment} />;
    case "audit":
      return <AuditPage key={addressOfPlace(at)} filter={at.filter} />;
    case "not-found":
      return <NotFoundPage />;
  }
}

interface Link {
  readonly to: Place;
  readonly text: string;
  /** Where the text is short for want of room. */
  readonly whole?: string;
  readonly members: boolean;
}

const LINKS: readonly Link[] = [
  { to: { page: "list", filter: NO_FILTER }, text: WORDS.environments, members: false },
  { to: { page: "create", from: null }, text: WORDS.new, whole: WORDS.newEnvironment, members: false },
  { to: { page: "namespaces" }, text: WORDS.namespaces, members: true },
];

function Navigation({ at }: { at: Place }) {
  const shown = LINKS.filter(({ members }) => !members || session.value?.authenticated === true);
  return (
    <nav aria-label={WORDS.mainNavigation}>
      {shown.map(({ to, text, whole }) => (
        <a
          key={to.page}
          href={addressOfPlace(to)}
          aria-label={whole}
          aria-current={at.page === to.page ? "page" : undefined}
        >
          {text}
        </a>
      ))}
    </nav>
  );
}

/** A plain form logs out: it works whatever state the page is in. */
function User({ at }: { at: Place }) {
  const known = session.value;
  if (known === null || at.page === "login") return <div class="user" />;
  if (!known.authenticated) {
    return (
      <div class="user">
        <a class="button" href={addressOfPlace(loginFromHere())}>
          {WORDS.logIn}
        </a>
      </div>
    );
  }
  return (
    <form class="user" method="post" action={`${prefix}/logout/?next=${encodeURIComponent(`${prefix}/ui/`)}`}>
      <a class="user-name" href={addressOfPlace({ page: "me" })} title={WORDS.me(known.primary_namespace)}>
        {known.primary_namespace}
      </a>
      <button type="submit" class="plain">
        {WORDS.logOut}
      </button>
    </form>
  );
}

function App() {
  const content = useRef<HTMLElement>(null);
  const at = place.value;
  return (
    <>
      {/* A fragment would be looked for at the base address, so the focus is moved by hand. */}
      <button type="button" class="skip" onClick={() => content.current?.focus()}>
        {WORDS.skipToContent}
      </button>
      <header class="top">
        <div class="bar">
          <a class="brand" href={addressOfPlace({ page: "list", filter: NO_FILTER })}>
            {WORDS.product}
          </a>
          <Navigation at={at} />
          <User at={at} />
        </div>
      </header>
      <main ref={content} tabIndex={-1}>
        {isOffline.value && (
          <p class="notice" role="status">
            {WORDS.offline}
          </p>
        )}
        {sessionRefusal.value && session.value === null ? (
          <RefusalNotice refusal={sessionRefusal.value}>
            <button type="button" onClick={() => void loadSession()}>
              {WORDS.tryAgain}
            </button>
          </RefusalNotice>
        ) : session.value === null ? (
          <p class="quiet">{WORDS.loading}</p>
        ) : (
          <Page at={at} />
        )}
      </main>
    </>
  );
}

startRouter();
void loadSession();
const root = document.getElementById("app");
if (root) render(<App />, root);
