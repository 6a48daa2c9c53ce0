import { resolve } from 'node:path';
import { isUrlLike } from '../../platform/http/http-url.ts';

/** What a command line names as a store, for `openStore`: a URL as it is, a path made absolute. */
export function toStoreLocation(named: string): string {
  return isUrlLike(named) ? named : resolve(named);
}
