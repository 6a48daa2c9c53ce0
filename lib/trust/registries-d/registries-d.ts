/** All documents of a registries.d folder, merged (containers-registries.d(5)). */
export interface RegistriesD {
  readonly defaultDocker: RegistriesDSection | undefined;
  /** By namespace: `*.domain`, a host, a namespace or repository in it, or an image; hosts in canonical spelling. */
  readonly docker: ReadonlyMap<string, RegistriesDSection>;
}

/** One configuration section. A URL is kept as written and never empty; what was not written is undefined. */
export interface RegistriesDSection {
  /** Where it was written, for messages: `<document>: docker.<namespace>`. */
  readonly place: string;
  /** Where signatures are read; the deprecated spelling counts where this one is missing. */
  readonly lookaside: string | undefined;
  /** Where signatures are written. */
  readonly lookasideStaging: string | undefined;
  readonly useSigstoreAttachments: boolean | undefined;
}
