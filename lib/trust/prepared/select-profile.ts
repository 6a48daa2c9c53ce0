import { InputError } from '../../base/errors/input-error.ts';

const DEFAULT_PROFILE = 'ocp';

/** The wanted profile, else the only one, else `ocp`. @throws InputError `ProfileUnknown`, which lists them. */
export function selectProfile(names: readonly string[], wanted?: string): string {
  const listed = names.length === 0 ? 'there is none' : `known: ${names.join(', ')}`;
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new InputError('ProfileUnknown', `there is no profile ${JSON.stringify(wanted)}; ${listed}`);
  }
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (names.includes(DEFAULT_PROFILE)) return DEFAULT_PROFILE;
  throw new InputError('ProfileUnknown', `say which profile with --profile; ${listed}`);
}
