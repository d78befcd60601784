import { accepts } from '../../../bench/lib/process.js';
import type { Child } from '../child.js';
import { waitFor } from '../wait.js';

/**
 * Waits until something accepts connections on a port of loopback; throws with the program's output when it ends first.
 */
export async function listens(port: number, child: Child): Promise<void> {
  await waitFor(
    () => {
      if (child.exit !== undefined) throw new Error(`${child.name} ended before it listened\n${child.output}`);
      return accepts(port);
    },
    { timeoutMs: 30_000, everyMs: 50, what: () => `${child.name} to listen on ${port}\n${child.output}` },
  );
}
