/** "Now" for every case that carries no time of its own: seconds since 1970. */
export const VECTOR_TIME = Date.parse('2026-11-22T00:00:00Z') / 1000;
