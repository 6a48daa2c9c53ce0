/**
 * Whether `If-None-Match` names what is stored, so that it need not be sent again (RFC 9110, section 13.1.2): a list of
 * tags, weak ones among them, which caches make of those that they pack anew, or `*` for whatever there is.
 *
 * @param etag of what is stored, in quotes; a comma in it would be taken for the end of a tag
 */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
