import { type ComponentChildren, useEffect, useId, useRef, useState } from '../preact.js';

/**
 * Asks before something is done that cannot be taken back. It is there from when it is rendered until `onClose`.
 *
 * @param title the question, such as `End live/cam1?`
 * @param verb what the button says, such as `End stream`
 * @param children what will come of it, and fields of the form where something can be given
 * @param onConfirm does it, with what was filled in; what it throws is shown, and the dialog stays
 */
export function Confirm(props: {
  title: string;
  verb: string;
  children?: ComponentChildren;
  onConfirm: (form: FormData) => Promise<unknown>;
  onClose: () => void;
}) {
  const { title, verb, children, onConfirm, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => (before instanceof HTMLElement ? before.focus() : undefined);
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    onConfirm(new FormData(event.currentTarget as HTMLFormElement)).then(onClose, (error: Error) => {
      setTrouble(error.message);
      setBusy(false);
    });
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        {children}
        <p class="trouble" role="alert">
          {trouble}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
