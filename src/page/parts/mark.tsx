/** The sign of the product, in its colours. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path
        d="M6 8h20M6 8v16M26 8v16M11 12v12M16 12v12M21 12v12"
        stroke="var(--on-accent)"
        stroke-width="2.6"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}
