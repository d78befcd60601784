import { main } from '../../../src/cli/main.js';
import { TestIo } from '../cli/test-io.js';
import { StubServer } from './stub-server.js';

type Answer = Parameters<typeof StubServer.listen>[0];

/** Runs a command against a stub that answers, and tells what was asked and printed. */
export async function runAgainst(
  answer: Answer,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string; stub: StubServer }> {
  const stub = await StubServer.listen(answer);
  try {
    const io = new TestIo({ env });
    const code = await main([...args, '--http', stub.address], io);
    return { code, out: io.stdout, err: io.stderr, stub };
  } finally {
    await stub.close();
  }
}
