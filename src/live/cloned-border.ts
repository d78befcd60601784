import type { ByteSide, FactSide } from './access.js';

/**
 * Names the environment variable that makes every message cross the border as a copy, in a later turn. For tests of the
 * server itself.
 */
export const CLONED_BORDER_VARIABLE = 'SLUICE_INTERNAL_CLONED_BORDER';

/**
 * Delivers messages as they would arrive between two threads: as clones, each in a later turn of the event loop, in
 * order. A message that cannot be cloned ends the process, because it is a defect that no test may miss.
 */
function cloned<Message>(deliver: (message: Message) => void): (message: Message) => void {
  return (message) => {
    let copy: Message;
    try {
      copy = structuredClone(message);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return;
    }
    setImmediate(() => deliver(copy));
  };
}

/** The fact side at the far end of a border that clones. */
export function clonedFactSide(facts: FactSide): FactSide {
  return {
    ask: cloned((message) => facts.ask(message)),
    report: cloned((message) => facts.report(message)),
  };
}

/** The byte side at the far end of a border that clones. */
export function clonedByteSide(bytes: ByteSide): ByteSide {
  return {
    answer: cloned((message) => bytes.answer(message)),
    order: cloned((message) => bytes.order(message)),
  };
}
