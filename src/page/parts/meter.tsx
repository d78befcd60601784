/**
 * How much of something is used: the number in words, and a bar beside it.
 *
 * @param words such as `3 of 8`
 * @param label what is measured, for those who do not see the bar
 */
export function Meter({ value, max, words, label }: { value: number; max: number; words: string; label: string }) {
  return (
    <span class="meter">
      {words}
      <meter min={0} max={Math.max(1, max)} value={value} aria-label={label} />
    </span>
  );
}
