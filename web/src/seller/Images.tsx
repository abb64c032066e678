/** A product's pictures: dropped or chosen, described, put in order by dragging or by buttons. */
import { ArrowLeft, ArrowRight, ImagePlus, Trash2 } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import { addImage, imageUrl, orderImages, removeImage } from "../api/shop";
import type { ImageRef } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { Card, Refused, TextField } from "../ui/kit";
import { useDeed } from "../state/reading";

const TYPES = ["image/png", "image/jpeg", "image/webp"];
const BYTES_MAX = 8 * 1024 * 1024;

/** Chosen, but not sent: its description comes first. */
interface Waiting {
  id: number;
  file: File;
  /** A data: address; the page's policy allows no others. */
  preview: string;
  alt: string;
}

let nextId = 1;

const preview = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

const faultOf = (file: File): string =>
  !TYPES.includes(file.type) ? `${file.name} is no PNG, JPEG or WebP.` : file.size > BYTES_MAX ? `${file.name} is larger than 8 MiB.` : "";

export function Images(props: { productId: string; title: string; images: ImageRef[]; onChange: (images: ImageRef[]) => void }) {
  const { images, onChange } = props;
  const [waiting, setWaiting] = useState<Waiting[]>([]);
  const [faults, setFaults] = useState<string[]>([]);
  const [over, setOver] = useState(false);
  const [dragged, setDragged] = useState<string | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const deed = useDeed(true);
  const pickerId = useId();

  const choose = async (files: FileList | null) => {
    if (!files) return;
    const chosen = [...files];
    setFaults(chosen.map(faultOf).filter(Boolean));
    const good = chosen.filter((file) => !faultOf(file));
    const read = await Promise.all(good.map(async (file) => ({ id: nextId++, file, preview: await preview(file), alt: "" })));
    setWaiting((present) => [...present, ...read]);
  };

  const send = async () => {
    let all = images;
    for (const one of waiting) {
      const alt = one.alt.trim() || props.title;
      const added = await deed.run({ id: one.id, alt }, (key) => addImage(props.productId, one.file, alt, key));
      if (!added) return;
      all = [...all, added];
      onChange(all);
      setWaiting((present) => present.filter((other) => other.id !== one.id));
    }
    say(waiting.length === 1 ? "Picture added" : `${waiting.length} pictures added`);
  };

  const order = async (next: ImageRef[]) => {
    onChange(next);
    try {
      await orderImages(props.productId, next.map((one) => one.id));
    } catch (error) {
      onChange(images);
      sayError(error);
    }
  };

  const move = (id: string, to: number) => {
    const one = images.find((image) => image.id === id);
    if (!one || images.indexOf(one) === to) return;
    const others = images.filter((image) => image.id !== id);
    void order([...others.slice(0, to), one, ...others.slice(to)]);
  };

  const discard = async (image: ImageRef) => {
    try {
      await removeImage(image.id);
      onChange(images.filter((one) => one.id !== image.id));
      say("Picture removed");
    } catch (error) {
      sayError(error);
    }
  };

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer.files.length) void choose(event.dataTransfer.files);
  };

  return (
    <Card title="Pictures" about="The first one stands for the product everywhere. Say what each one shows, for those who cannot see it.">
      <div className="body">
        {images.length > 0 && (
          <ol className="pictures">
            {images.map((image, index) => (
              <li
                key={image.id}
                draggable
                className={dragged === image.id ? "dragged" : ""}
                onDragStart={(event) => {
                  event.dataTransfer.effectAllowed = "move";
                  event.dataTransfer.setData("text/plain", image.id);
                  setDragged(image.id);
                }}
                onDragEnd={() => setDragged(null)}
                onDragOver={(event) => dragged && event.preventDefault()}
                onDrop={(event) => {
                  if (!dragged) return;
                  event.preventDefault();
                  event.stopPropagation();
                  move(dragged, index);
                  setDragged(null);
                }}
              >
                <img src={imageUrl(image, "small")} alt={image.alt} width={image.width} height={image.height} />
                <p title={image.alt}>{image.alt || <span className="down">No description</span>}</p>
                <div className="picture-deeds">
                  <button className="icon-button" aria-label={`Move picture ${index + 1} forward`} disabled={index === 0} onClick={() => move(image.id, index - 1)}>
                    <ArrowLeft size={15} />
                  </button>
                  <button className="icon-button" aria-label={`Move picture ${index + 1} back`} disabled={index === images.length - 1} onClick={() => move(image.id, index + 1)}>
                    <ArrowRight size={15} />
                  </button>
                  <button className="icon-button" aria-label={`Remove picture ${index + 1}`} onClick={() => discard(image)}>
                    <Trash2 size={15} />
                  </button>
                </div>
              </li>
            ))}
          </ol>
        )}
        {waiting.length > 0 && (
          <ul className="waiting-pictures" aria-label="Pictures to add">
            {waiting.map((one) => (
              <li key={one.id}>
                <img src={one.preview} alt="" />
                <TextField
                  label={`What ${one.file.name} shows`}
                  value={one.alt}
                  onChange={(alt) => setWaiting((present) => present.map((other) => (other.id === one.id ? { ...other, alt } : other)))}
                  most={200}
                  placeholder={props.title}
                />
                <button className="icon-button" aria-label={`Do not add ${one.file.name}`} onClick={() => setWaiting((present) => present.filter((other) => other.id !== one.id))}>
                  <Trash2 size={15} />
                </button>
              </li>
            ))}
          </ul>
        )}
        {faults.length > 0 && <div className="note bad" role="alert">{faults.join(" ")}</div>}
        <Refused of={deed.refused} />
        <div
          className={`drop ${over ? "over" : ""}`}
          onDragOver={(event) => {
            if (dragged) return;
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <ImagePlus size={20} aria-hidden="true" />
          <span>
            Drop pictures here, or{" "}
            <button type="button" className="link-button" onClick={() => picker.current?.click()}>choose files</button>
          </span>
          <span className="quiet">PNG, JPEG or WebP, up to 8 MiB each</span>
          <label className="visually-hidden" htmlFor={pickerId}>Pictures</label>
          <input
            ref={picker}
            id={pickerId}
            className="visually-hidden"
            tabIndex={-1}
            type="file"
            accept={TYPES.join(",")}
            multiple
            onChange={(event) => {
              void choose(event.target.files);
              event.target.value = "";
            }}
          />
        </div>
        {waiting.length > 0 && (
          <div className="form-end">
            <button className="button primary" disabled={deed.busy} onClick={send}>
              {deed.busy ? "Adding" : waiting.length === 1 ? "Add the picture" : `Add ${waiting.length} pictures`}
            </button>
          </div>
        )}
      </div>
    </Card>
  );
}
