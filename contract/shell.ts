/** A place that the user chose in a dialog. The page gets an id for it and a name to show, never the path. */
export interface Granted {
  readonly grant: string;
  readonly name: string;
}

/** A picture that the system opens with Attune: from its file manager, the dock or a command line. */
export interface OpenedPicture {
  /** Bare file name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the preload script of the desktop shell gives to the editor, as `window.attuneShell`. Everything else goes through the port. */
export interface AttuneShell {
  /** Asks for a connection; its port arrives as a message of this window, whose data is `attune:port`. */
  connect(): void;
  /** Asks the user for a folder; null where they gave up. */
  chooseFolder(): Promise<Granted | null>;
  /** Asks the user where to write a file of this name; null where they gave up. */
  chooseSave(name: string): Promise<Granted | null>;
  /** From now on, pictures that the system opens with Attune; also those that came before. One listener. */
  openWith(listener: (picture: OpenedPicture) => void): void;
}
