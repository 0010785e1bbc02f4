/** What a JPEG, WebP, AVIF, HEIC, TIFF or GIF file carries beside its pixels. */
export interface MetadataBlocks {
  /** A TIFF block, without the `Exif\0\0` of JPEG. */
  readonly exif?: Uint8Array;
  /** An XMP packet in UTF-8. */
  readonly xmp?: Uint8Array;
  /** The comment of a JPEG or GIF. */
  readonly comment?: string;
  /** What is wrong with the file behind the blocks that were found. */
  readonly problem?: string;
}
