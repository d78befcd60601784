import { serverNow } from '../clock.js';
import { useEffect, useState } from '../preact.js';

const watchers = new Set<() => void>();
let timer = 0;

/** One timer for all: it runs while somebody looks at a time. */
function tick(): void {
  if (!document.hidden) for (const watcher of watchers) watcher();
}

/** The time at the server, in ms since the epoch, told anew each second while the tab is seen. */
export function useNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const watcher = (): void => setNow(serverNow());
    if (watchers.size === 0) timer = window.setInterval(tick, 1000);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) clearInterval(timer);
    };
  }, []);
  return now;
}
