/**
 * The page: its frame, and what is shown where.
 * @module
 */
import { render } from "preact";
import { useRef } from "preact/hooks";
import { prefix } from "./api.ts";
import { CreatePage } from "./pages/create.tsx";
import { EnvironmentPage } from "./pages/environment.tsx";
import { ListPage } from "./pages/list.tsx";
import { LoginPage } from "./pages/login.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { RefusalNotice } from "./parts/notice.tsx";
import { addressOfPlace, type Place, place, startRouter } from "./router.ts";
import { loadSession, session, sessionRefusal } from "./session.ts";
import { WORDS } from "./words.ts";

function Page({ at }: { at: Place }) {
  switch (at.page) {
    case "list":
      return <ListPage />;
    case "login":
      return <LoginPage next={at.next} />;
    case "create":
      return <CreatePage key={addressOfPlace(at)} from={at.from} />;
    case "environment":
      return (
        <EnvironmentPage
          key={`${at.namespace}/${at.environment}`}
          namespace={at.namespace}
          environment={at.environment}
          buildId={at.buildId}
        />
      );
    case "not-found":
      return <NotFoundPage />;
  }
}

function Navigation({ at }: { at: Place }) {
  const links = [
    { to: { page: "list" }, text: WORDS.environments },
    { to: { page: "create", from: null }, text: WORDS.newEnvironment },
  ] as const;
  return (
    <nav aria-label={WORDS.mainNavigation}>
      {links.map(({ to, text }) => (
        <a key={to.page} href={addressOfPlace(to)} aria-current={at.page === to.page ? "page" : undefined}>
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
    const next = `${location.pathname}${location.search}`;
    return (
      <div class="user">
        <a class="button" href={addressOfPlace({ page: "login", next })}>
          {WORDS.logIn}
        </a>
      </div>
    );
  }
  return (
    <form class="user" method="post" action={`${prefix}/logout/?next=${encodeURIComponent(`${prefix}/ui/`)}`}>
      <span class="user-name" title={WORDS.loggedInAs(known.primaryNamespace)}>
        {known.primaryNamespace}
      </span>
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
          <a class="brand" href={addressOfPlace({ page: "list" })}>
            {WORDS.product}
          </a>
          <Navigation at={at} />
          <User at={at} />
        </div>
      </header>
      <main ref={content} tabIndex={-1}>
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
