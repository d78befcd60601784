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
      <h1>Sluice</h1>
      <form onSubmit={submit}>
        <label for={id}>Token</label>
        <input id={id} name="token" type="password" autocomplete="current-password" required />
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
        <p class="quiet">One of the tokens of this server: http.token, or one of http.tokens.</p>
        <p role="alert">{told}</p>
      </form>
    </main>
  );
}
