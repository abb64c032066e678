/** The tree of categories, with the commission and tax class that hold in each. */
import { useState } from "react";
import { ApiError } from "../api/rest";
import { addCategory, changeCategory, readAdminCategories } from "../api/shop";
import type { AdminCategory, CategoryForm } from "../api/shop-types";
import { percentText, ppmOf } from "../lib/amounts";
import { Card, Form, Heading, PagedTable, Refused, SelectField, TextField } from "../ui/kit";
import { treeOf } from "../seller/ProductFields";
import { useDeed, useRead } from "../state/reading";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { Empty } from "../ui/states";

export const TAX_CLASSES = [
  { value: "standard", text: "Standard" },
  { value: "reduced", text: "Reduced" },
  { value: "zero", text: "Zero" },
];

export function Categories() {
  const categories = useRead(readAdminCategories);
  const [editing, setEditing] = useState<AdminCategory | "new" | null>(null);
  const tree = { ...categories, value: categories.value && treeOf(categories.value), set: () => undefined };
  return (
    <>
      <Heading title="Categories">
        <button className="button primary" onClick={() => setEditing("new")}>Add a category</button>
      </Heading>
      <Card title="All categories" about="Without a commission of its own a category has the platform's.">
        <PagedTable
          label="Categories"
          rows={tree}
          rowKey={({ category }) => category.id}
          empty={<Empty title="No categories yet" />}
          columns={[
            { head: "Category", cell: ({ category, depth }) => <span style={{ paddingLeft: depth * 20 }}>{category.name} <span className="quiet">{category.slug}</span></span> },
            { head: "Products", right: true, cell: ({ category }) => category.count },
            { head: "Commission", right: true, cell: ({ category }) => (category.commissionPpm == null ? <span className="quiet">platform's</span> : `${percentText(category.commissionPpm)}%`) },
            { head: "Tax class", extra: true, cell: ({ category }) => category.taxClass ?? "standard" },
            { head: "(Actions)", right: true, cell: ({ category }) => <button className="button small" onClick={() => setEditing(category)}>Change<span className="visually-hidden"> {category.name}</span></button> },
          ]}
        />
      </Card>
      {editing && <CategoryDialog category={editing === "new" ? null : editing} all={categories.value ?? []} onDone={categories.reload} onClose={() => setEditing(null)} />}
    </>
  );
}

function CategoryDialog(props: { category: AdminCategory | null; all: AdminCategory[]; onDone: () => void; onClose: () => void }) {
  const { category } = props;
  const [name, setName] = useState(category?.name ?? "");
  const [parent, setParent] = useState(category?.parentId ? String(category.parentId) : "");
  const [commission, setCommission] = useState(category?.commissionPpm == null ? "" : percentText(category.commissionPpm));
  const [taxClass, setTaxClass] = useState(category?.taxClass ?? "standard");
  const [position, setPosition] = useState(String(category?.position ?? 0));
  const [refused, setRefused] = useState<ApiError | null>(null);
  const deed = useDeed(true);
  const commissionPpm = commission.trim() ? ppmOf(commission) : undefined;
  const ready = name.trim().length >= 2 && commissionPpm !== null && /^\d{1,4}$/.test(position.trim());
  const save = async () => {
    const form: CategoryForm = { name: name.trim(), taxClass, position: Number(position), parentId: parent ? Number(parent) : null, commissionPpm: commissionPpm ?? null };
    setRefused(null);
    if (!category) {
      if (!(await deed.run(form, (key) => addCategory(form, key)))) return;
    } else {
      try {
        await changeCategory(category.id, form);
      } catch (error) {
        if (error instanceof ApiError) setRefused(error);
        else sayError(error);
        return;
      }
    }
    say("Saved");
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title={category ? category.name : "Add a category"} onClose={props.onClose}>
      <Form onSubmit={() => ready && save()}>
        <TextField label="Name" value={name} onChange={setName} most={60} required autoFocus />
        <SelectField
          label="Below" value={parent} onChange={setParent}
          choices={[{ value: "", text: "Nothing: at the top" }, ...treeOf(props.all).filter((one) => one.category.id !== category?.id).map((one) => ({ value: String(one.category.id), text: `${"\u2003".repeat(one.depth)}${one.category.name}` }))]}
        />
        <div className="fields">
          <TextField label="Commission (optional)" value={commission} onChange={setCommission} decimal unit="%" error={commissionPpm === null ? "0 to 100." : ""} />
          <SelectField label="Tax class" value={taxClass} onChange={setTaxClass} choices={TAX_CLASSES} />
          <TextField label="Position" value={position} onChange={setPosition} decimal hint="Lower comes first." />
        </div>
        <Refused of={refused ?? deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!ready || deed.busy}>Save</button>
        </div>
      </Form>
    </Dialog>
  );
}
