import { InputError } from '../errors/input-error.ts';

/** What an image runs on, as an index names it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty where none is named. */
  readonly variant: string;
}

/** Platforms that one question or profile may name. */
export const MAX_PLATFORMS = 32;

const PLATFORM = /^[a-z0-9]{1,32}\/[a-z0-9_]{1,32}(?:\/[a-z0-9]{1,16})?$/;

/** `os/architecture[/variant]`, such as `linux/arm64/v8`. @throws InputError `ArgumentInvalid` */
export function parsePlatform(text: string): Platform {
  if (!isPlatform(text)) {
    const shown = JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
    throw new InputError(
      'ArgumentInvalid',
      `${shown} is not a platform: expected os/architecture, such as linux/amd64`,
    );
  }
  const [os = '', architecture = '', variant = ''] = text.split('/');
  return { os, architecture, variant };
}

export function isPlatform(text: string): boolean {
  return PLATFORM.test(text);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === '' ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}
