import { ApiError } from './api.js';
import { whenSignedOut } from './poll.js';
import { useCallback, useEffect, useState } from './preact.js';
import { hrefOf, useRoute } from './route.js';
import { currentSession, type Session, signOut } from './session.js';
import { SignIn } from './views/sign-in.js';
import { VIEWS, viewOf } from './views/views.js';

/** The whole page: who looks, the way around, and the view of the address. */
export function App() {
  const [session, setSession] = useState<Session | 'none' | 'asking'>('asking');
  const [trouble, setTrouble] = useState('');
  const route = useRoute();
  const look = useCallback(() => {
    currentSession().then(setSession, (error: unknown) => {
      setSession('none');
      setTrouble(error instanceof ApiError && error.status === 401 ? '' : String((error as Error).message));
    });
  }, []);
  useEffect(() => {
    whenSignedOut(() => setSession('none'));
    look();
  }, [look]);
  if (session === 'asking') return <p class="quiet">Loading …</p>;
  if (session === 'none') return <SignIn trouble={trouble} onSession={setSession} />;
  const view = viewOf(route);
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <header class="top">
        <a class="name" href={hrefOf()}>
          Sluice
        </a>
        <nav aria-label="Views">
          {VIEWS.filter(({ title }) => title !== '').map(({ path, title }) => (
            <a key={path} href={hrefOf(path)} aria-current={view.path === path ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        {session.name === 'anonymous' ? null : (
          <span class="who">
            {session.name}{' '}
            <button type="button" onClick={() => void signOut().finally(look)}>
              Sign out
            </button>
          </span>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        <view.View session={session} rest={route.slice(1)} />
      </main>
    </>
  );
}
