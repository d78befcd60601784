import { ask } from '../api.js';
import { Confirm } from '../parts/confirm.js';
import { useState } from '../preact.js';

/** A button that ends a stream, after a question. */
export function KickStream({ streamId, name, onKicked }: { streamId: string; name: string; onKicked: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const kick = async (form: FormData): Promise<void> => {
    await ask(`/v1/streams/${encodeURIComponent(streamId)}/kick`, { method: 'POST', body: reasonIn(form) });
    onKicked();
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        End stream
      </button>
      {isOpen ? (
        <Confirm title={`End ${name}?`} verb="End stream" onConfirm={kick} onClose={() => setOpen(false)}>
          <p>Its publisher is disconnected, and so are its players. An encoder that connects again is let in.</p>
          <Reason />
        </Confirm>
      ) : null}
    </>
  );
}

/** A field for why something is ended. */
export function Reason() {
  return (
    <label>
      Reason, told in events (may be empty)
      <input name="reason" maxLength={128} autocomplete="off" />
    </label>
  );
}

/** What was filled in, as a request takes it. */
export function reasonIn(form: FormData): { readonly reason?: string } {
  const reason = String(form.get('reason') ?? '').trim();
  return reason === '' ? {} : { reason };
}
