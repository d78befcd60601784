// The name by which a heading is linked to, as GitHub makes it: links work in both places then.

/** @returns a heading as the part of a URL behind `#` */
export function slugOf(heading) {
  return heading
    .toLowerCase()
    .replace(/<[^>]*>/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
