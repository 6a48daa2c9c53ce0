import process from 'node:process';
import { readBundleProfiles } from '../../../../lib/bundle/format/bundle-trust.ts';
import { openDestination } from '../../../../lib/bundle/import/destination.ts';
import { importBundle } from '../../../../lib/bundle/import/import-bundle.ts';

/** Imports `<source> <destination> <trust directory> <now>`. Exits with 1 unless all of it is imported. */
const [source = '', to = '', trust = '', time = ''] = process.argv.slice(2);
const now = new Date(time);
const profiles = await readBundleProfiles(trust, undefined, now);
const destination = await openDestination(to);
const { signal } = new AbortController();

process.stdout.write('started\n');
const report = await importBundle({ source, destination, profiles, skipUnverified: false, now, signal });
if (report.outcome !== 'imported') process.exitCode = 1;
