import { ApiError } from './api.js';
import { Mark } from './parts/mark.js';
import { whenSignedOut } from './poll.js';
import { useCallback, useEffect, useRef, useState } from './preact.js';
import { hrefOf, type Route, useRoute } from './route.js';
import { currentSession, type Session, signOut } from './session.js';
import { SignIn } from './views/sign-in.js';
import { VIEWS, viewOf } from './views/views.js';

/** How long it takes until the server is asked again who looks, in ms. */
const AGAIN_MS = 3000;

/** The whole page: who looks, the way around, and the view of the address. */
export function App() {
  const [session, setSession] = useState<Session | 'none' | 'asking' | 'away'>('asking');
  const [trouble, setTrouble] = useState('');
  const route = useRoute();
  const look = useCallback(() => {
    currentSession().then(setSession, (error: Error) => {
      const isKnown = error instanceof ApiError && error.status === 401;
      setSession(isKnown ? 'none' : 'away');
      setTrouble(isKnown ? '' : error.message);
      // Whether a token is needed is not known yet.
      if (!isKnown) setTimeout(look, AGAIN_MS);
    });
  }, []);
  useEffect(() => {
    whenSignedOut(() => {
      setTrouble('You are no longer signed in.');
      setSession('none');
    });
    look();
  }, [look]);
  useFocusOnChange(route);
  if (session === 'asking') return <p class="loading quiet">Loading …</p>;
  if (session === 'away')
    return (
      <p class="loading quiet" role="status">
        {trouble} It is asked again every few seconds.
      </p>
    );
  if (session === 'none') return <SignIn trouble={trouble} onSession={setSession} />;
  const { path, View } = viewOf(route);
  const rest = route.slice(1);
  return (
    <>
      <button type="button" class="skip" onClick={focusContent}>
        To the content
      </button>
      <Top session={session} path={path} onSignOut={look} />
      <main id="content" tabIndex={-1}>
        <View key={route.join('/')} session={session} rest={rest} />
      </main>
    </>
  );
}

/** Where one is, and the way to the other views. */
function Top({ session, path, onSignOut }: { session: Session; path: string; onSignOut: () => void }) {
  return (
    <header class="top">
      <a class="name" href={hrefOf()}>
        <Mark />
        Sluice
      </a>
      <nav aria-label="Views">
        {VIEWS.filter(({ title }) => title !== '').map((view) => (
          <a
            key={view.path}
            href={hrefOf(view.path)}
            aria-current={view.path === (path === 'streams' ? '' : path) ? 'page' : undefined}
          >
            {view.title}
          </a>
        ))}
      </nav>
      {session.name === 'anonymous' ? null : (
        <span class="who">
          {session.name}
          <button type="button" class="small" onClick={() => void signOut().finally(onSignOut)}>
            Sign out
          </button>
        </span>
      )}
    </header>
  );
}

/** Whoever reads the page by ear or key is at the heading of the new view when the address has changed. */
function useFocusOnChange(route: Route): void {
  const shown = useRef(route);
  useEffect(() => {
    if (shown.current === route) return;
    shown.current = route;
    window.scrollTo(0, 0);
    focusContent();
  }, [route]);
}

function focusContent(): void {
  (document.querySelector<HTMLElement>('main h1') ?? document.querySelector<HTMLElement>('main'))?.focus();
}
