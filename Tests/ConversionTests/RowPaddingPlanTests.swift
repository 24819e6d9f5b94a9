import Conversion
import GGUF
import TensorCore
import TestSupport
import Testing
import Workers

/// Which rows grow, what the plan says about them, and what is refused.
@Suite struct RowPaddingPlanTests {
  private let conversion: PaddedConversion
  private let pool = WorkerPool(workerCount: 2)

  init() throws { conversion = try PaddedConversion() }

  @Test("The plan says which widths grow, and the bytes with and without padding")
  func savings() throws {
    // Seven eighths of a width that is just too narrow: the fallback takes more than the zeros do.
    let model = PaddingModel.dense([992, 992], to: [1024, 1024])
    let source = try model.write(to: conversion.fixture)
    let padded = try conversion.plan(source, "Q4_K_M")
    let plain = try conversion.plan(source, "Q4_K_M") { $0.padsRows = false }
    let padding = try #require(padded.padding)
    let width = try #require(padding.widths.first)
    #expect(padding.widths.count == 1)
    #expect(width.key == "llama.feed_forward_length")
    #expect([width.from, width.to, width.layerCount] == [992, 1024, 2])
    #expect(plain.padding == nil)
    #expect(padding.byteCount == padded.byteCount)
    #expect(padding.unpaddedByteCount == plain.byteCount)
    #expect(padding.byteCount < plain.byteCount)
    #expect(!plain.warnings.isEmpty)
    #expect(padded.warnings.isEmpty)
    let down = try #require(padded.tensors.first { $0.name == "blk.0.ffn_down.weight" })
    #expect(down.sourceShape.dimensions == [256, 992])
    #expect(down.shape.dimensions == [256, 1024])
  }

  @Test(
    "Layers that are equally wide stay so, even where only one needs it",
    arguments: [GGUFValue.uint32(288), .array(.uint32([288, 288]))])
  func together(stated: GGUFValue) throws {
    var model = PaddingModel.dense([288, 288])
    model.keys = [("feed_forward_length", stated)]
    let plan = try conversion.plan(model.write(to: conversion.fixture), "Q4_K_M") {
      $0.typeOverrides = [TypeOverride((try? TensorPattern("blk.1.ffn_down"))!, .q8_0)]
    }
    #expect(plan.padding?.widths.first?.layerCount == 2)
    for tensor in model.tensors {
      let planned = try #require(plan.tensors.first { $0.name == tensor.name })
      #expect(planned.shape.dimensions == tensor.padded ?? tensor.shape)
    }
    _ = try plan.execute(on: pool)
    let metadata = try GGUFFile(plan.destination).metadata
    #expect(
      metadata["llama.feed_forward_length"]
        == (stated == .uint32(288) ? .uint32(512) : .array(.uint32([512, 512]))))
  }

  @Test("Metadata follows, layer by layer where it lists them")
  func metadata() throws {
    func value(_ model: PaddingModel, _ key: String) throws -> GGUFValue? {
      let plan = try conversion.plan(model.write(to: conversion.fixture), "Q4_K_M") {
        $0.overwrite = true
      }
      _ = try plan.execute(on: pool)
      return try GGUFFile(plan.destination).metadata["\(model.architecture).\(key)"]
    }
    #expect(try value(.dense(), "feed_forward_length") == .uint32(512))
    #expect(
      try value(.dense([300, 512, 90], to: [512, 512, 256]), "feed_forward_length")
        == .array(.int32([512, 512, 256])))
    #expect(try value(.experts, "feed_forward_length") == .uint32(512))
    #expect(try value(.experts, "expert_feed_forward_length") == .uint32(256))
    let mixtral = PaddingModel(
      keys: [("feed_forward_length", .uint32(176)), ("expert_count", .uint32(3))],
      tensors: PaddingModel.experts.tensors.filter { $0.name.contains("_exps.weight") })
    #expect(try value(mixtral, "feed_forward_length") == .uint32(256))
  }

  @Test(
    "Nothing grows where every row gets the type that is wanted for it, or zeros would spoil it",
    arguments: [("Q4_K_M", 512), ("F16", 512), ("Q8_0", 288), ("Q4_0", 288), ("Q1_0", 300)])
  func unneeded(recipe: String, width: Int) throws {
    var model = PaddingModel.dense([width, width], to: [width, width])
    // What cannot be padded does not matter then.
    model.architecture = "bitnet"
    let source = try model.write(to: conversion.fixture)
    let padded = try conversion.plan(source, recipe)
    #expect(try #require(padded.padding).widths.isEmpty)
    #expect(padded.padding?.byteCount == padded.padding?.unpaddedByteCount)
    _ = try padded.execute(on: pool)
    _ = try conversion.plan(source, recipe, to: "plain.gguf") { $0.padsRows = false }.execute(
      on: pool)
    #expect(
      try readBytes(conversion.fixture.path("out.gguf"))
        == readBytes(conversion.fixture.path("plain.gguf")))
  }

  @Test("Where the model would not compute the same, or nobody knows, it is refused by name")
  func refused() throws {
    var model = PaddingModel.dense()
    model.architecture = "bitnet"
    #expect(try conversion.obstacle(model)?.0 == .architecture("bitnet"))

    model = .dense()
    model.tensors.append(PaddingModel.Tensor(name: "blk.1.ffn_sub_norm.weight", shape: [300]))
    var found = try conversion.obstacle(model)
    #expect(found?.0 == .unknownTensor)
    #expect(found?.tensor == "blk.1.ffn_sub_norm.weight")

    model = .dense()
    model.tensors.append(
      PaddingModel.Tensor(name: "blk.0.ffn_up.0.weight", shape: [300, PaddingModel.width]))
    #expect(try conversion.obstacle(model)?.tensor == "blk.0.ffn_up.0.weight")

    model = .fused
    model.tensors.append(PaddingModel.Tensor(name: "blk.0.ffn_up.bias", shape: [600]))
    found = try conversion.obstacle(model)
    #expect(found?.0 == .shape(try Shape([600]), width: 300))
    #expect(found?.tensor == "blk.0.ffn_up.bias")

    model = .experts
    model.architecture = "qwen3moe"
    #expect(try conversion.obstacle(model)?.0 == .noKey)
  }

  @Test("Metadata that does not go with the tensors is refused")
  func contradictions() throws {
    let key = "llama.feed_forward_length"
    for (value, expected) in [
      (GGUFValue.uint32(301), PaddingObstacle.otherWidth(key: key, stated: 301, found: 300)),
      (.uint32(0), .missingKey(key)), (.uint64(.max), .missingKey(key)),
      (.int64(-300), .missingKey(key)), (.string("300"), .missingKey(key)),
      (.array(.int32([300])), .missingKey(key)), (.array(.float32([300, 300])), .missingKey(key)),
      (.array(.int32([300, 301])), .otherWidth(key: key, stated: 301, found: 300)),
    ] {
      var model = PaddingModel.dense()
      model.keys = [("feed_forward_length", value)]
      #expect(try conversion.obstacle(model)?.0 == expected, "\(value)")
    }
    var model = PaddingModel.dense()
    model.keys = []
    #expect(try conversion.obstacle(model)?.0 == .missingKey(key))
    model = .dense()
    model.tensors.removeAll { $0.name == "blk.1.ffn_down.weight" }
    #expect(try conversion.obstacle(model)?.0 == .noDownProjection)
  }

  @Test("A safetensors file alone does not state its widths")
  func safetensors() throws {
    let source = try conversion.fixture.safetensors(ConversionFixture.model())
    let error = #expect(throws: ConversionError.self) {
      try conversion.plan(source, "F16", to: "out.safetensors")
    }
    #expect(error?.reason == .cannotPad(.noMetadata))
  }

  @Test("A value that is not finite is named by its place in the source")
  func nonFinite() throws {
    let model = PaddingModel.experts
    for (name, index) in [
      ("blk.1.ffn_down_exps.weight", 300 * 176 + 175), ("blk.1.ffn_up_exps.weight", 400 * 256 + 3),
    ] {
      let source = try model.write(to: conversion.fixture) { tensor, values in
        if tensor.name == name { values[index] = .infinity }
      }
      let plan = try conversion.plan(source, "Q4_K_M")
      let error = #expect(throws: ConversionError.self) { try plan.execute(on: pool) }
      #expect(error?.reason == .nonFinite(value: .infinity, index: index))
      #expect(error?.tensor == name)
    }
  }

  @Test("An output that pads and one that need not come from one read as they come alone")
  func batch() throws {
    let source = try PaddingModel.dense([288, 288]).write(to: conversion.fixture)
    let recipes = ["Q4_K_M", "Q8_0"]
    let plans = try recipes.map { try conversion.plan(source, $0, to: "\($0).gguf") }
    #expect(plans.map { $0.padding?.widths.count } == [1, 0])
    _ = try ConversionBatch(plans).execute(on: pool, measuresErrors: true)
    for recipe in recipes {
      _ = try conversion.plan(source, recipe, to: "alone.gguf") { $0.overwrite = true }
        .execute(on: pool)
      #expect(
        try readBytes(conversion.fixture.path("\(recipe).gguf"))
          == readBytes(conversion.fixture.path("alone.gguf")), "\(recipe)")
    }
  }
}
