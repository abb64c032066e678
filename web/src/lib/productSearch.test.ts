import { describe, expect, it } from "vitest";
import { filterCount, readSearch, searchPath, toggleAttribute } from "./productSearch";

const read = (address: string) => {
  const { pathname, search } = new URL(address, "http://shop.example");
  return readSearch(pathname, search);
};

describe("the search in the address", () => {
  it("comes back as it went", () => {
    const address = "/shop/search?q=oak+desk&seller=anna&asset=BTC&priceMax=0.5&inStock=true&rating=4&sort=-price&category=tables&attr=Material%3AOak&attr=Size%3AL";
    const search = read(address);
    expect(search).toMatchObject({ q: "oak desk", category: "tables", priceMax: "0.5", inStock: true, rating: 4, sort: "-price", attr: ["Material:Oak", "Size:L"] });
    expect(read(searchPath(search))).toEqual(search);
  });

  it("is the category's own page without words", () => {
    expect(searchPath({ category: "home & garden" })).toBe("/shop/c/home%20%26%20garden");
    expect(read("/shop/c/home%20%26%20garden").category).toBe("home & garden");
    expect(searchPath({ q: "lamp", category: "lights" })).toBe("/shop/search?q=lamp&category=lights");
  });

  it("takes nothing from an address that the shop would refuse", () => {
    expect(read("/shop/search?rating=9&sort=cheap&priceMin=-3&priceMax=abc&inStock=maybe")).toEqual({ attr: [] });
  });

  it("names no price without its asset", () => {
    expect(read("/shop/search?sort=price&priceMax=5")).toEqual({ attr: [] });
    expect(read("/shop/search?sort=price&asset=BTC")).toMatchObject({ sort: "price", asset: "BTC" });
  });

  it("toggles attributes and counts what narrows", () => {
    const search = toggleAttribute({ q: "x", attr: ["Size:L"] }, "Material:Oak");
    expect(search.attr).toEqual(["Size:L", "Material:Oak"]);
    expect(toggleAttribute(search, "Size:L").attr).toEqual(["Material:Oak"]);
    expect(filterCount({ ...search, inStock: true, priceMin: "1", priceMax: "2", sort: "price" })).toBe(4);
    expect(filterCount({ q: "x", sort: "newest" })).toBe(0);
  });
});
