import { ago, exactTime, roughly } from '../format.js';
import { useNow } from './now.js';

/** How long ago something was; the exact time is shown on it. */
export function Ago({ iso }: { iso: string }) {
  const now = useNow();
  return <Time iso={iso}>{ago(iso, now)}</Time>;
}

/** How long something has lasted that began at `iso`. */
export function Since({ iso }: { iso: string }) {
  const now = useNow();
  return <Time iso={iso}>{roughly(now - Date.parse(iso))}</Time>;
}

/** A time, as words or exactly. */
export function Time({ iso, children }: { iso: string; children?: string }) {
  const exact = exactTime(iso);
  return (
    <time dateTime={iso} title={exact}>
      {children ?? exact}
    </time>
  );
}
