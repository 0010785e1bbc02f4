"""Makes the pictures and films of this folder as the trade's own libraries write them.

    python3 -m venv VENV && VENV/bin/pip install pillow==13.0.0 piexif==1.1.3 pillow-heif==1.8.1 tifffile==2026.3.3
    VENV/bin/python test/madeby/make.py        # wants exiftool 12.57 and ffmpeg 5.1 on the path

The bytes are kept in the repository; tests read those. `engine/media/metadata/tools.test.ts` says what each of them says.
"""

import json
import pathlib
import subprocess
import zlib

import numpy
import piexif
import piexif.helper
import pillow_heif
import tifffile
from PIL import ExifTags, Image, PngImagePlugin

HERE = pathlib.Path(__file__).parent
PICTURE = Image.new("RGB", (16, 16), (200, 40, 40))

TEXT = (
    "a cat, on a mat\nNegative prompt: dog\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768"
)
UNICODE_TEXT = TEXT.replace("a cat, on a mat", "a cat, on a mat é 雪 猫")
JAPANESE = TEXT.replace("a cat, on a mat", "猫, 雪")


def comfy(**changes):
    """The graph of ComfyUI's default workflow in its API form."""
    graph = {
        "3": {"class_type": "KSampler", "inputs": {
            "seed": 42, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat, on a mat", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "dog", "clip": ["4", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
    }
    graph.update(changes)
    return graph


WORKFLOW = {
    "last_node_id": 9, "last_link_id": 9, "version": 0.4, "groups": [], "config": {}, "extra": {},
    "nodes": [
        {"id": 3, "type": "KSampler", "mode": 0, "inputs": [
            {"name": "model", "type": "MODEL", "link": 1}, {"name": "positive", "type": "CONDITIONING", "link": 4},
            {"name": "negative", "type": "CONDITIONING", "link": 6}, {"name": "latent_image", "type": "LATENT", "link": 2}],
         "outputs": [{"name": "LATENT", "type": "LATENT", "links": [7]}],
         "widgets_values": [42, "randomize", 20, 7, "euler", "normal", 1]},
        {"id": 4, "type": "CheckpointLoaderSimple", "mode": 0, "inputs": [],
         "outputs": [{"name": "MODEL", "type": "MODEL", "links": [1]}, {"name": "CLIP", "type": "CLIP", "links": [3, 5]},
                     {"name": "VAE", "type": "VAE", "links": [8]}], "widgets_values": ["m.safetensors"]},
        {"id": 5, "type": "EmptyLatentImage", "mode": 0, "inputs": [],
         "outputs": [{"name": "LATENT", "type": "LATENT", "links": [2]}], "widgets_values": [512, 768, 1]},
        {"id": 6, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 3}],
         "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING", "links": [4]}], "widgets_values": ["a cat, on a mat"]},
        {"id": 7, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 5}],
         "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING", "links": [6]}], "widgets_values": ["dog"]},
        {"id": 8, "type": "VAEDecode", "mode": 0, "inputs": [
            {"name": "samples", "type": "LATENT", "link": 7}, {"name": "vae", "type": "VAE", "link": 8}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [9]}], "widgets_values": []},
        {"id": 9, "type": "SaveImage", "mode": 0, "inputs": [{"name": "images", "type": "IMAGE", "link": 9}],
         "outputs": [], "widgets_values": ["x"]},
    ],
    "links": [[1, 4, 0, 3, 0, "MODEL"], [2, 5, 0, 3, 3, "LATENT"], [3, 4, 1, 6, 0, "CLIP"], [4, 6, 0, 3, 1, "CONDITIONING"],
              [5, 4, 1, 7, 0, "CLIP"], [6, 7, 0, 3, 2, "CONDITIONING"], [7, 3, 0, 8, 0, "LATENT"], [8, 4, 2, 8, 1, "VAE"],
              [9, 8, 0, 9, 0, "IMAGE"]],
}

FOOOCUS = {
    "prompt": "a cat, on a mat", "negative_prompt": "dog", "prompt_expansion": "", "styles": "['Fooocus V2']",
    "performance": "Speed", "steps": 20, "resolution": "(512, 768)", "guidance_scale": 7.0, "sharpness": 2.0,
    "base_model": "m", "refiner_model": "None", "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras", "seed": "42",
    "version": "Fooocus v2.5.0",
}
FOOOCUS_A1111 = TEXT.replace("Euler a", "DPM++ 2M SDE Karras") + ", Styles: \"['Fooocus V2']\", Version: Fooocus v2.5.0"


def at(name):
    return str(HERE / name)


def png(name, compressed=False, **fields):
    info = PngImagePlugin.PngInfo()
    for keyword, value in fields.items():
        info.add_text(keyword.replace("__", "-"), value if isinstance(value, str) else json.dumps(value), zip=compressed)
    PICTURE.save(at(name), pnginfo=info)


def dumped(comment):
    """How A1111 and Forge store their text outside PNG."""
    return piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}})


def user_comment(text):
    return piexif.helper.UserComment.dump(text, encoding="unicode")


def pillow_exif(root=None, inner=None):
    """Tags as Pillow's own writer stores them; Fooocus puts all into the first directory."""
    exif = Image.Exif()
    for tag, value in (root or {}).items():
        exif[tag] = value
    for tag, value in (inner or {}).items():
        exif.get_ifd(ExifTags.IFD.Exif)[tag] = value
    return exif


def containers():
    """One comment through every container."""
    blob = dumped(user_comment(UNICODE_TEXT))
    PICTURE.save(at("piexif.jpg"), exif=blob)
    PICTURE.save(at("piexif.webp"), exif=blob, lossless=True)
    PICTURE.save(at("piexif.avif"), exif=blob)
    PICTURE.save(at("piexif.png"), exif=blob)
    pillow_heif.register_heif_opener()
    PICTURE.save(at("piexif.heic"), exif=blob, quality=30)
    # In the first directory, as plain text.
    for ending in ["jpg", "webp", "avif", "png"]:
        PICTURE.save(at(f"pillow-root.{ending}"), exif=pillow_exif({0x9286: TEXT}))
    PICTURE.save(at("pillow-root.tiff"), exif=pillow_exif({0x9286: TEXT}), compression="tiff_deflate")
    # The description, in the first directory and in that of the thumbnail.
    PICTURE.save(at("description.jpg"), exif=pillow_exif({0x010E: TEXT}))
    thumbnail = piexif.dump({"1st": {piexif.ImageIFD.ImageDescription: TEXT.encode(), piexif.ImageIFD.Compression: 6},
                             "thumbnail": jpeg_bytes()})
    PICTURE.save(at("thumbnail.jpg"), exif=thumbnail)
    PICTURE.save(at("comment.jpg"), comment=UNICODE_TEXT.encode())
    gif = PICTURE.convert("P")
    gif.save(at("comment.gif"), comment=TEXT.encode())


def jpeg_bytes():
    import io

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", quality=20)
    return out.getvalue()


def codes():
    """A comment in every character code, and in none."""
    le = b"UNICODE\0" + UNICODE_TEXT.encode("utf-16-le")
    for name, comment in {
        "ascii": b"ASCII\0\0\0" + TEXT.encode(),
        "unicode-be": b"UNICODE\0" + UNICODE_TEXT.encode("utf-16-be"),
        "unicode-le": le,
        "unicode-bom": b"UNICODE\0" + UNICODE_TEXT.encode("utf-16"),
        "unicode-utf8": b"UNICODE\0" + UNICODE_TEXT.encode(),
        "ascii-utf8": b"ASCII\0\0\0" + UNICODE_TEXT.encode(),
        "undefined": bytes(8) + UNICODE_TEXT.encode(),
        "undefined-utf16": bytes(8) + UNICODE_TEXT.encode("utf-16-le"),
        "none": TEXT.encode(),
        "none-utf8": UNICODE_TEXT.encode(),
        "jis": b"JIS\0\0\0\0\0" + JAPANESE.encode("iso2022_jp"),
    }.items():
        PICTURE.save(at(f"code-{name}.jpg"), exif=dumped(comment))
    for name, text in {"latin": TEXT, "unicode": UNICODE_TEXT}.items():
        PICTURE.save(at(f"exiftool-{name}.jpg"))
        subprocess.run(["exiftool", "-q", "-overwrite_original", f"-UserComment={text}", at(f"exiftool-{name}.jpg")], check=True)
    for ending in ["png", "webp", "tiff"]:
        PICTURE.save(at(f"exiftool.{ending}"))
        subprocess.run(["exiftool", "-q", "-overwrite_original", f"-EXIF:UserComment={UNICODE_TEXT}", at(f"exiftool.{ending}")], check=True)
    # The byte order of Intel cameras.
    PICTURE.save(at("exiftool-intel.jpg"))
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-ExifByteOrder=II", f"-UserComment={UNICODE_TEXT}", at("exiftool-intel.jpg")], check=True)


def png_text():
    png("ztxt.png", compressed=True, parameters=TEXT)
    png("itxt.png", parameters=UNICODE_TEXT)
    png("itxt-compressed.png", compressed=True, parameters=UNICODE_TEXT)
    many = PngImagePlugin.PngInfo()
    for index in range(100):
        many.add_text(f"field {index}", "x")
    many.add_text("parameters", TEXT)
    PICTURE.save(at("behind-100-fields.png"), pnginfo=many)
    bomb = PngImagePlugin.PngInfo()
    bomb.add(b"zTXt", b"parameters\0\0" + zlib.compress(TEXT.encode() + b" " * (40 << 20), 9))
    PICTURE.save(at("bomb.png"), pnginfo=bomb)
    # ImageMagick before 7 kept EXIF as hexadecimal text.
    profile = b"Exif\0\0" + dumped(user_comment(TEXT))[6:]
    raw = "\nexif\n%8d\n" % len(profile) + "\n".join(profile.hex()[i : i + 72] for i in range(0, len(profile) * 2, 72)) + "\n"
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", raw, zip=True)
    PICTURE.save(at("raw-profile.png"), pnginfo=info)


def fooocus():
    png("fooocus.png", parameters=FOOOCUS, fooocus_scheme="fooocus")
    png("fooocus-a1111.png", parameters=FOOOCUS_A1111, fooocus_scheme="a1111")
    # modules/private_logger.py: get_exif() sets UserComment, Software and MakerNote of the first directory.
    for ending in ["jpg", "webp"]:
        for scheme, text in {"fooocus": json.dumps(FOOOCUS), "a1111": FOOOCUS_A1111}.items():
            exif = pillow_exif({0x9286: text, 0x0131: "Fooocus v2.5.0", 0x927C: scheme})
            PICTURE.save(at(f"fooocus-{scheme}.{ending}"), exif=exif)


def comfyui():
    png("comfyui.png", prompt=comfy(), workflow=WORKFLOW)
    png("comfyui-workflow-only.png", workflow=WORKFLOW)
    (HERE / "workflow.json").write_text(json.dumps(WORKFLOW))
    (HERE / "workflow-api.json").write_text(json.dumps(comfy()))
    # SaveAnimatedWEBP and SaveAnimatedPNG of the core.
    frames = [Image.new("RGB", (16, 16), (shade, 40, 40)) for shade in (10, 200)]
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(comfy())
    exif[0x010F] = "workflow:" + json.dumps(WORKFLOW)
    frames[0].save(at("comfyui-animated.webp"), save_all=True, append_images=frames[1:], exif=exif, lossless=True)
    info = PngImagePlugin.PngInfo()
    info.add(b"comf", b"prompt\0" + json.dumps(comfy()).encode("latin-1"), after_idat=True)
    frames[0].save(at("comfyui-animated.png"), save_all=True, append_images=frames[1:], pnginfo=info)
    # The image savers of WAS and others: JPEG and WebP with capitals and a space.
    exif = Image.Exif()
    exif[0x010F] = "Prompt: " + json.dumps(comfy())
    exif[0x010E] = "Workflow: " + json.dumps(WORKFLOW)
    PICTURE.save(at("comfyui-was.jpg"), exif=exif)
    big = comfy()
    big["10"] = {"class_type": "Note", "inputs": {"text": "x" * (1 << 21)}}
    png("comfyui-2-mib.png", compressed=True, prompt=big)


def films():
    source = ["-f", "lavfi", "-i", "color=c=red:s=32x32:r=8:d=0.5"]
    quiet = ["ffmpeg", "-v", "error", "-y"]
    graph = ["-metadata", "prompt=" + json.dumps(comfy()), "-metadata", "workflow=" + json.dumps(WORKFLOW)]
    # SaveVideo and SaveWEBM of ComfyUI: tags of their own.
    subprocess.run([*quiet, *source, *graph, "-movflags", "use_metadata_tags", "-pix_fmt", "yuv420p", at("comfyui.mp4")], check=True)
    subprocess.run([*quiet, *source, *graph, "-c:v", "libvpx-vp9", at("comfyui.webm")], check=True)
    # VideoHelperSuite: one JSON as the comment.
    both = ["-metadata", "comment=" + json.dumps({"prompt": json.dumps(comfy()), "workflow": WORKFLOW})]
    subprocess.run([*quiet, *source, *both, "-pix_fmt", "yuv420p", at("helper-suite.mp4")], check=True)
    subprocess.run([*quiet, *source, *both, "-c:v", "libvpx-vp9", at("helper-suite.webm")], check=True)
    subprocess.run([*quiet, *source, "-metadata", "comment=" + TEXT, "-pix_fmt", "yuv420p", at("a1111.mp4")], check=True)


def novelai():
    rest = {"steps": 20, "sampler": "k_euler", "seed": 42, "strength": 0.69, "noise": 0.667, "scale": 7, "uc": "dog"}
    title = {"Title": "AI generated image", "Software": "NovelAI", "Source": "Stable Diffusion 1D44365E"}
    png("novelai-older.png", **title, Description="a cat, on a mat", Comment=rest)
    png("novelai.png", **title, Description="a cat, on a mat",
        Comment={**rest, "prompt": "a cat, on a mat", "width": 512, "height": 768})

    def captions(base, *characters):
        centre = [{"x": 0.5, "y": 0.5}]
        return {"caption": {"base_caption": base, "char_captions": [
            {"char_caption": text, "centers": centre} for text in characters]}, "use_coords": False, "use_order": True}

    four = {**rest, "prompt": "two people", "width": 512, "height": 768, "uc": "dog",
            "v4_prompt": captions("two people", "girl, red hair", "boy, hat"),
            "v4_negative_prompt": captions("dog", "", "beard")}
    png("novelai-4.png", **title, Description="two people", Comment=four)
    # WebP of NovelAI: the fields of PNG as one JSON in the comment.
    fields = json.dumps({**title, "Description": "two people", "Comment": json.dumps(four)})
    PICTURE.save(at("novelai-4.webp"), exif=dumped(user_comment(fields)), lossless=True)


def invokeai():
    png("invokeai.png", invokeai_metadata={
        "generation_mode": "sdxl_txt2img", "positive_prompt": "a cat, on a mat", "negative_prompt": "dog", "width": 512,
        "height": 768, "seed": 42, "cfg_scale": 7, "steps": 20, "scheduler": "euler", "model": {"key": "k", "name": "m"},
        "app_version": "5.0.0"})
    edges = [("cat", "value", "positive", "prompt"), ("positive", "conditioning", "denoise", "positive_conditioning"),
             ("negative", "conditioning", "denoise", "negative_conditioning"), ("noise", "noise", "denoise", "noise"),
             ("denoise", "latents", "out", "latents"), ("number", "value", "noise", "seed")]
    graph = {"id": "g", "nodes": {
        "cat": {"type": "string", "id": "cat", "value": "a cat, on a mat"},
        "number": {"type": "integer", "id": "number", "value": 42},
        "positive": {"type": "compel", "id": "positive", "prompt": ""},
        "negative": {"type": "compel", "id": "negative", "prompt": "dog"},
        "noise": {"type": "noise", "id": "noise", "seed": 0, "width": 512, "height": 768},
        "denoise": {"type": "denoise_latents", "id": "denoise", "steps": 20, "cfg_scale": 7, "scheduler": "euler",
                    "denoising_start": 0, "denoising_end": 1},
        "out": {"type": "l2i", "id": "out"}},
        "edges": [{"source": {"node_id": a, "field": b}, "destination": {"node_id": c, "field": d}} for a, b, c, d in edges]}
    png("invokeai-graph.png", invokeai_graph=graph)
    core = {"type": "core_metadata", "id": "core_metadata", "positive_prompt": "a cat, on a mat", "negative_prompt": "dog",
            "width": 512, "height": 768, "seed": 42, "cfg_scale": 7, "steps": 20, "scheduler": "euler", "model": {"model_name": "m"}}
    png("invokeai-core.png", invokeai_graph={"id": "g", "nodes": {"core_metadata": core}, "edges": []})
    png("invokeai-dream.png", Dream='"a cat called "Tom", on a mat [dog]" -s 20 -S 42 -W 512 -H 768 -C 7.0 -A k_lms')


def pages():
    shade = numpy.full((16, 16, 3), 200, numpy.uint8)
    with tifffile.TiffWriter(at("pages.tiff")) as out:
        out.write(shade, photometric="rgb", compression="deflate")
        out.write(shade // 2, photometric="rgb", compression="deflate")
    with tifffile.TiffWriter(at("page-with-thumbnail.tiff")) as out:
        out.write(shade, photometric="rgb", compression="deflate")
        out.write(shade[::2, ::2] // 2, photometric="rgb", compression="deflate", subfiletype=1)
    PICTURE.save(at("photo.jfif"), "JPEG")
    PICTURE.save(at("picture.png"))
    PICTURE.save(at("picture.bmp"))


for make in [containers, codes, png_text, fooocus, comfyui, films, novelai, invokeai, pages]:
    make()
(HERE / "picture.bmp").write_bytes((HERE / "picture.bmp").read_bytes()[:64])
print(sum(path.stat().st_size for path in HERE.iterdir()), "bytes")
