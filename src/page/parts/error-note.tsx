import type { ApiError } from '../api.js';

/**
 * Why something could not be shown or done.
 *
 * @param what what did not work, such as `The streams cannot be shown`
 */
export function ErrorNote({ error, what }: { error: Pick<ApiError, 'code' | 'message'>; what?: string }) {
  return (
    <p class="note bad" role="alert">
      {what === undefined ? null : <strong>{what}. </strong>}
      {error.message}
      {error.code === '' ? null : <code>{error.code}</code>}
    </p>
  );
}
