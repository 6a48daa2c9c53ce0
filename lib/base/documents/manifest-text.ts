import { stringify } from 'yaml';

/** How manifests are written. */
export type ManifestFormat = 'yaml' | 'json';

/** One manifest, or several: YAML documents one after the other, or a `List` in JSON. The same input, the same bytes. */
export function toManifestsText(manifests: readonly object[], format: ManifestFormat): string {
  if (format === 'yaml') return manifests.map((manifest) => toManifestText(manifest, format)).join('---\n');
  return toManifestText({ apiVersion: 'v1', kind: 'List', items: manifests }, format);
}

/**
 * One manifest. A value of many characters stays on its line: a folded one would change in every diff. What is no text in
 * YAML 1.1, such as `yes`, is quoted: kubectl and oc read that version.
 */
export function toManifestText(manifest: object, format: ManifestFormat): string {
  switch (format) {
    case 'yaml':
      return stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
    case 'json':
      return `${JSON.stringify(manifest, null, 2)}\n`;
    default:
      throw new TypeError(`unknown format ${JSON.stringify(format satisfies never)}`);
  }
}
