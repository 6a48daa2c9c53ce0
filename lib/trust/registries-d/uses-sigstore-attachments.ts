import type { Reference } from '../../base/names/reference.ts';
import { listSections } from './list-sections.ts';
import type { RegistriesD } from './registries-d.ts';

/** Whether Sigstore signatures attached to an image in its registry count; not unless a section says so. */
export function usesSigstoreAttachments(registriesD: RegistriesD, reference: Reference): boolean {
  const said = listSections(registriesD, reference).find((section) => section.useSigstoreAttachments !== undefined);
  return said?.useSigstoreAttachments ?? false;
}
