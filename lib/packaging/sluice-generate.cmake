# SPDX-License-Identifier: Apache-2.0
# sluice_generate(TARGET target PROTOS file... [IMPORT_DIRS directory...])
#
# Generates x.pb.h, x.pb.cc, x.sluice.hpp and x.sluice.cpp from each x.proto, compiles them into the target and links
# it with sluice. A file is named, in #include lines too, by its path below the first of the IMPORT_DIRS that holds
# it; the default is the calling CMakeLists.txt's directory. Imports are searched in all of them. Files are generated
# again when a .proto that they come from, protoc's plugin or an import changes.
function(sluice_generate)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET" "PROTOS;IMPORT_DIRS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sluice_generate: what is '${arg_UNPARSED_ARGUMENTS}'? It takes TARGET, PROTOS, IMPORT_DIRS")
  endif()
  if(NOT arg_TARGET OR NOT TARGET "${arg_TARGET}")
    message(FATAL_ERROR "sluice_generate: TARGET has to name a target that is there, not '${arg_TARGET}'")
  endif()
  if(NOT arg_PROTOS)
    message(FATAL_ERROR "sluice_generate: PROTOS names no file")
  endif()
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()

  set(import_dirs "")
  set(import_options "")
  foreach(directory IN LISTS arg_IMPORT_DIRS)
    get_filename_component(directory "${directory}" ABSOLUTE)
    list(APPEND import_dirs "${directory}")
    list(APPEND import_options "-I${directory}")
  endforeach()

  set(output_dir "${CMAKE_CURRENT_BINARY_DIR}/sluice/${arg_TARGET}")
  file(MAKE_DIRECTORY "${output_dir}")
  set(sources "")
  foreach(proto IN LISTS arg_PROTOS)
    get_filename_component(proto "${proto}" ABSOLUTE)
    set(name "")
    foreach(directory IN LISTS import_dirs)
      string(LENGTH "${directory}/" length)
      string(FIND "${proto}" "${directory}/" position)
      if(position EQUAL 0)
        string(SUBSTRING "${proto}" ${length} -1 name)
        break()
      endif()
    endforeach()
    if(NOT name)
      message(FATAL_ERROR "sluice_generate: ${proto} is below none of IMPORT_DIRS (${import_dirs})")
    endif()
    string(REGEX REPLACE "\\.proto$" "" stem "${output_dir}/${name}")
    set(generated "${stem}.pb.h" "${stem}.pb.cc" "${stem}.sluice.hpp" "${stem}.sluice.cpp")
    add_custom_command(
      OUTPUT ${generated}
      COMMAND protobuf::protoc
        "--plugin=protoc-gen-sluice=$<TARGET_FILE:sluice::protoc-gen-sluice>"
        ${import_options} "--cpp_out=${output_dir}" "--sluice_out=${output_dir}" "--dependency_out=${stem}.d" "${proto}"
      DEPENDS "${proto}" "$<TARGET_FILE:sluice::protoc-gen-sluice>"
      DEPFILE "${stem}.d"
      COMMENT "sluice: ${name}"
      VERBATIM)
    list(APPEND sources ${generated})
  endforeach()

  target_sources("${arg_TARGET}" PRIVATE ${sources})
  target_include_directories("${arg_TARGET}" PUBLIC "$<BUILD_INTERFACE:${output_dir}>")
  target_link_libraries("${arg_TARGET}" PUBLIC sluice::sluice)
endfunction()
