/** Slice: small documents by key, such as the check-in pace. The caller parses what it reads. */
export interface SettingsSlice {
  /** The document under `key`, or undefined where none was saved. */
  find(key: string): Promise<unknown>;
  save(key: string, value: unknown): Promise<void>;
}
