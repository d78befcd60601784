import { useEffect, useRef } from '../preact.js';

/**
 * What a program printed. It stays at its end while more comes, unless somebody reads further above.
 *
 * @param label what it is, for those who do not see it
 */
export function LogText({ label, text }: { label: string; text: string }) {
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 16;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
    <section class="log" ref={box} aria-label={label} tabIndex={0} onScroll={onScroll}>
      <pre>{text}</pre>
    </section>
  );
}
