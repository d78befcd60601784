import { Heading } from '../parts/heading.js';
import { Mark } from '../parts/mark.js';
import { useId, useState } from '../preact.js';
import { type Session, signIn } from '../session.js';

/** Asks for a token. */
export function SignIn({ trouble, onSession }: { trouble: string; onSession: (session: Session) => void }) {
  const id = useId();
  const [told, setTold] = useState(trouble);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    setBusy(true);
    signIn(String(token).trim())
      .then(onSession, (error: Error) => setTold(error.message))
      .finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit}>
        <Mark />
        <Heading title="Sign in to Sluice" />
        <label for={id}>Token</label>
        <input id={id} name="token" type="password" autocomplete="current-password" required />
        <button type="submit" class="primary" disabled={isBusy}>
          Sign in
        </button>
        <p class="trouble" role="alert">
          {told}
        </p>
        <p class="quiet">
          One of the tokens of this server: <code>http.token</code>, or one of <code>http.tokens</code>.
        </p>
      </form>
    </main>
  );
}
